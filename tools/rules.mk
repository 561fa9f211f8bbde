# `make docs`: build/docs/events.md, made of the engine's own tables and kept nowhere else.
$(B)/event-reference: $(B)/tools/event_reference.o $(B)/agent/engine/ocsf_table.o $(B)/agent/engine/failure_table.o
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^

$(B)/docs/events.md: tools/event-reference $(B)/event-reference agent/engine/ocsf_table.h
	@mkdir -p $(@D)
	tools/event-reference $(B)/event-reference >$@

.PHONY: docs
docs: $(B)/docs/events.md
