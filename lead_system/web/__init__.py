"""What both faces share: access, forms, sentences, filters, pictures."""
