# Tests by kind. Each brings its own programs and targets.
-include tests/unit/rules.mk tests/fuzz/rules.mk tests/vm/rules.mk tests/vm/roads/rules.mk tests/vm/walk/rules.mk tests/vm/fuse/rules.mk tests/vm/vault/rules.mk
-include tests/bench/rules.mk tests/e2e/rules.mk
