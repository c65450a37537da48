"""The config: its model, its loading, its documentation."""
