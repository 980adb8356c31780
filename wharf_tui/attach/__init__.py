"""The client's side of the wire: connect, put in order, keep a copy, carry on after a break."""
