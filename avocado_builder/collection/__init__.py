"""The licensed collection: accounts, names of mails, and where each mail is."""
