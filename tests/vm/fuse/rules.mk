# A file system of a user, for the cases. Left out where libfuse3-dev is missing: they then say so.
ifneq ($(wildcard /usr/include/fuse3/fuse.h),)
FUSE_NOTE := $(B)/tests/hf-fuse

$(B)/tests/vm/fuse/note.o: CPPFLAGS += -I/usr/include/fuse3 -D_FILE_OFFSET_BITS=64

$(FUSE_NOTE): $(B)/tests/vm/fuse/note.o
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ -lfuse3

VM_PROGRAMS += $(FUSE_NOTE)
endif
