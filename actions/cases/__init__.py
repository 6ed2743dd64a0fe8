"""The case core: policy, calendar, archive."""
