"""The result store: a build as a folder of plain files, which everything else reads with cursors."""
