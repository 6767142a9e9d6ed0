"""Who asks: accounts, what they are granted, and the credentials by which people and machines show who they are."""
