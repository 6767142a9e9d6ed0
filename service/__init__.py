"""Figures go out: questions to the ledger, faces for programs and people, and the programs themselves."""
