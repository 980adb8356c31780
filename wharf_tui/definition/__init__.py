"""The build definition, ``.wharf-ci.yml``: from the file's bytes to stages and steps that a runtime can run.

``load.load_pipeline`` is the door. Inside, the way is: ``compose`` (bytes to a tree with positions), ``inputs`` and
``environments`` (what the file declares), ``sources`` (where variables come from), ``substitution`` (``${...}``),
``stages`` and ``step_types`` (the steps). Nothing on the way stops at the first mistake: ``problems`` gathers all.
"""
