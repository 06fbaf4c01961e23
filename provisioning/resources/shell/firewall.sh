# shellcheck shell=sh
# Functions of fragments: nftables.

back_from_trial() { # PROGRAM MARK: nothing where it was not begun
    if [ -x "$1" ]; then "$1" back "$2"; fi
}

end_firewall() { # TABLE FOLDER...: whoever waits to go back finds nothing on trial
    VALUE=$1
    shift
    rm -rf -- "$@"
    command -v nft > /dev/null || return 0
    if nft list table inet "$VALUE" > /dev/null 2>&1; then nft delete table inet "$VALUE"; fi
}
