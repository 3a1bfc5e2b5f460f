"""One module a flow, and the steps that flows share. A flow moves one kind of data one way in a connection."""
