"""What happens: one public function is one use case is one transaction, with its history record."""
