/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this machine is, for its record at the console: hardware, and how far it can be trusted. Each
 * fact is a short text by a name that the console knows (console/store/device_record.h); what can't
 * be found out is left out. Below a directory, "/" but for tests.
 */
#ifndef HOLDFAST_AGENT_SURVEY_SURVEY_H
#define HOLDFAST_AGENT_SURVEY_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define SURVEY_TEXT_SIZE 128 /* of a fact; longer ones are cut */

#define SURVEY_ACCOUNTS	     32	  /* that are told; more are not */
#define SURVEY_ACCOUNTS_SIZE 1024 /* bytes of their text */

struct json_object;

/* What only root reads; opened before root is given up. -1: is not there. */
struct survey_secrets {
	int serial, board_serial, uuid;
	int acpi;	  /* a table of the firmware's, for its maker's mark */
	int event_log;	  /* what the firmware measured into the TPM */
	int lsm_programs; /* BPF programs of type LSM in the kernel; -1 = not known */
};

/* What the processor says of itself: CPUID leaf 1 and 0x40000000. */
struct survey_processor {
	bool is_known;
	bool is_hypervised;
	char signature[13]; /* "" = none that is known to be one */
};

struct survey {
	int root_fd;
	struct survey_secrets secrets;
	struct survey_processor processor;
	struct json_object *facts;   /* for the console */
	struct json_object *posture; /* those of them that everybody on this machine may see */
};

/*
 * Before the privileges go: what can't be opened is not known. Its descriptors are the caller's;
 * lsm_programs is -1.
 */
void survey_secrets_open(int root_fd, struct survey_secrets *ret_secrets);
/* machine.c: os, kernel, vendor, product, serial, uuid, cpu, cpus, memory_mb, mac, machine. */
void survey_machine(const struct survey *survey);
/* posture.c: secure_boot, lockdown, lsm, bpf_lsm. */
void survey_posture(const struct survey *survey);
/* disk.c: root_encrypted, state_encrypted, swap. */
void survey_disk(const struct survey *survey);
/* openness.c: taint, taint_flags, debug_closed, debug_open, ptrace_scope, lsm_programs. */
void survey_openness(const struct survey *survey);
/* measured.c: tpm, measured, pcrs, event_log. */
void survey_measured(const struct survey *survey);
/* virtual.c: virtual, emulated, hypervisor, virtual_by. */
void survey_virtual(const struct survey *survey);
void survey_processor(struct survey_processor *ret_processor);
/* Before the privileges go: how many BPF programs decide as security modules do; -1: not to be had. */
int survey_lsm_programs(void);
/* agent_files.c: agent_files, agent_digest. */
void survey_agent_files(const struct survey *survey);
/* accounts.c: accounts, a line each: "1764500000 alice", since when and who. */
void survey_accounts(const struct survey *survey);

/* fact.c: the first line of a file, printable, without spaces at its ends. False: nothing in it. */
bool fact_read(int directory_fd, const char *path, char ret_text[SURVEY_TEXT_SIZE]);
bool fact_read_fd(int fd, char ret_text[SURVEY_TEXT_SIZE]);
/* Nothing for "". */
void fact_add(const struct survey *survey, const char *name, const char *text);
/* The same, and everybody on this machine may see it. */
void fact_show(const struct survey *survey, const char *name, const char *text);
/* Calls visit for each line of a file, without its newline, until it answers false. */
void fact_lines(int directory_fd, const char *path, bool (*visit)(const char *line, void *userdata),
	void *userdata);

#endif
