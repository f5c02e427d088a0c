"""Lead confirmation for a property developer: whose customer is this?"""
