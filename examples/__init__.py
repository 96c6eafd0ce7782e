"""What a reader copies: a second source of MailBlaze's platform, as small as it can be, with its test's fake vendor.

The product imports nothing from here; tests do.
"""
