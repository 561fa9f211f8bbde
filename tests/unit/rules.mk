# Unit tests: every tests/unit/NAME.c is one Criterion program, found by itself.
# A test that needs more than the pure libraries says so, here or in its room's rules.mk:
#	UNIT_LIBS_record := $(B)/libsensor.a    objects and archives, built when they are prerequisites
#	UNIT_LDLIBS_record := -lbpf
# `make unit` builds and runs all, `make unit-NAME` one.

UNIT_TESTS := $(patsubst tests/unit/%.c,%,$(sort $(wildcard tests/unit/*.c)))

.PHONY: unit $(UNIT_TESTS:%=unit-%)
.PRECIOUS: $(B)/tests/unit/%.o $(B)/tests/unit/%
unit: $(UNIT_TESTS:%=unit-%)

$(UNIT_TESTS:%=unit-%): unit-%: $(B)/tests/unit/%
	$<

# The rooms' rules are read in any order: what they set is looked up when it is needed.
.SECONDEXPANSION:
$(UNIT_TESTS:%=$(B)/tests/unit/%): $(B)/tests/unit/%: $(B)/tests/unit/%.o $$(UNIT_LIBS_$$*) \
		$$(POLICY_LIB) $$(COMMON_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(UNIT_LDLIBS_$*) -lcriterion $(POLICY_LDLIBS) $(COMMON_LDLIBS)
