"""Evidence: signed, chained statements of what was cut off and removed, and how that was proved.

`recorder` is the facade that writes, `verify` judges what was written, `settings` opens both.
"""
