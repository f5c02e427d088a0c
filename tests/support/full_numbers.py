"""The whole phone numbers of the cast's customers, as only the customers themselves know them.

The system keeps three and four digits of each. No page may ever show a number of this list: the page
inspector looks for them on every page that a test fetches.
"""

FULL_CUSTOMER_NUMBERS = (
    "13812345678",
    "13987654321",
    "15900112233",
    "18677889900",
)
