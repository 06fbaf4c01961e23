"""Files of the page and its clients, without a look at the shared folder in the event loop."""
