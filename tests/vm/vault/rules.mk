# A keyring with keys of its own, for machines without a console.
$(B)/tests/hf-vault-keyring: $(B)/tests/vm/vault/keyring.o $(B)/agent/keyring/vault.o $(B)/agent/ipc/keyring.o \
		$(B)/agent/ipc/request.o $(COMMON_LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcrypto -ljson-c

VM_PROGRAMS += $(B)/tests/hf-vault-keyring
