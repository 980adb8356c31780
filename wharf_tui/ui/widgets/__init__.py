"""What screens are made of, a widget a file, its stylesheet beside it."""
