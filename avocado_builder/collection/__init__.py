"""The licensed collection: its accounts, the names of its mails, and where each mail is."""
