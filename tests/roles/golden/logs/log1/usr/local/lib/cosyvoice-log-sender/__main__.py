mode 0644 root:root
from sender.main import main

main()
