"""The views, one file per concern. They parse, ask access, call actions, and pick a template."""
