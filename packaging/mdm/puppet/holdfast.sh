#!/bin/sh
# An external fact for Facter: $facts['holdfast']['Enforcing'] and the rest of holdfast compliance.
command -v holdfast >/dev/null || exit 0
printf '{"holdfast":%s}\n' "$(holdfast compliance)"
