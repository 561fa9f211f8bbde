/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdfast events --verify: proves what waits in the spool, without being able to read it: each
 * segment signed by the device's key, each record linked to the one before.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "agent/cli/cli.h"
#include "agent/uplink/spool.h"

#define UPLINK_DIRECTORY "/var/lib/holdfast-uplink"

/* The key of the device's certificate; NULL: signatures can't be looked at. */
static EVP_PKEY *device_key(void)
{
	FILE *file = fopen(UPLINK_DIRECTORY "/device.crt", "re");
	X509 *certificate = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
	EVP_PKEY *key = certificate ? X509_get_pubkey(certificate) : NULL;

	X509_free(certificate);
	if (file)
		(void)fclose(file); /* read only */
	return key;
}

static bool is_whole(const struct spool_proof *proof)
{
	return !proof->missing && !proof->bad_signatures && !proof->broken_links &&
	       !proof->bad_segments && !proof->tail_bytes;
}

static void print_faults(const struct spool_proof *proof)
{
	if (proof->bad_number)
		print_styled(PRINT_BAD,
			"  NOT whole, from segment %016" PRIx64 " on:", proof->bad_number);
	else
		print_styled(PRINT_BAD, "  NOT whole:");
	if (proof->missing)
		(void)printf(" %" PRIu64 " events missing;", proof->missing);
	if (proof->bad_signatures)
		(void)printf(" %u segments not signed by the key in use;", proof->bad_signatures);
	if (proof->broken_links)
		(void)printf(
			" %u segments do not follow from the one before;", proof->broken_links);
	if (proof->bad_segments)
		(void)printf(" %u segments with %" PRIu64 " bytes that are no records;",
			proof->bad_segments, proof->bad_bytes);
	if (proof->tail_bytes)
		(void)printf(" %" PRIu64 " bytes at the end that are no records, changed or torn;",
			proof->tail_bytes);
	(void)putchar('\n');
}

static void print_apart(const struct spool_proof *proof)
{
	if (proof->apart)
		print_styled(PRINT_WARN,
			"  set apart: what was damaged of %u segments, in files NUMBER.bad; what is"
			" missing for it, the console shows as a finding\n",
			proof->apart);
}

static void print_proof(const char *device, const struct spool_proof *proof, bool has_key)
{
	print_styled(PRINT_BOLD, "Spool of device %s\n", device);
	if (proof->events)
		(void)printf("  %" PRIu64 " events in %" PRIu64
			     " records of %u segments: numbers %" PRIu64 " to %" PRIu64 "\n",
			proof->events, proof->records, proof->segments, proof->first_sequence,
			proof->last_sequence);
	else
		(void)puts("  holds nothing");
	if (proof->pruned || proof->lost)
		print_styled(PRINT_WARN,
			"  of them without content: %" PRIu64 " pruned for want of room, %" PRIu64
			" that never came here\n",
			proof->pruned, proof->lost);
	if (is_whole(proof) && proof->events)
		print_styled(PRINT_GOOD, "  whole: %s\n",
			has_key ? "signed by this device, and nothing was changed or taken out"
				: "nothing was changed or taken out (signatures not looked at: no "
				  "certificate)");
	else if (!is_whole(proof))
		print_faults(proof);
	print_apart(proof);
}

/* What is behind the last record may be one that is being written: then it soon is one. */
static int prove(const char *path, EVP_PKEY *key, struct spool_proof *ret_proof)
{
	static const struct timespec while_written = {.tv_nsec = 100000000};
	int r = spool_verify(path, key, ret_proof);

	for (int i = 0; i < 10 && r == 0 && ret_proof->tail_bytes; i++) {
		(void)nanosleep(&while_written, NULL); /* shorter does no harm */
		r = spool_verify(path, key, ret_proof);
	}
	return r;
}

/* One directory of the spool. enum cli_exit. */
static int verify_one(const char *device, EVP_PKEY *key)
{
	struct spool_proof proof;
	char path[PATH_MAX];
	int r;

	(void)snprintf(path, sizeof(path), UPLINK_DIRECTORY "/spool/%s", device);
	r = prove(path, key, &proof);
	if (r < 0) {
		(void)fprintf(stderr, "holdfast: cannot read '%s': %s\n", path, strerror(-r));
		return CLI_REFUSED;
	}
	print_proof(device, &proof, key != NULL);
	return is_whole(&proof) ? CLI_DONE : CLI_REFUSED;
}

int events_verify(void)
{
	DIR *directory = opendir(UPLINK_DIRECTORY "/spool");
	EVP_PKEY *key = device_key();
	int result = CLI_DONE;

	if (!directory && errno == ENOENT) {
		(void)puts("Nothing waits: this device reports to no console");
		EVP_PKEY_free(key);
		return CLI_DONE;
	}
	if (!directory) {
		(void)fprintf(stderr, "holdfast: cannot open '" UPLINK_DIRECTORY "/spool': %s\n",
			strerror(errno));
		EVP_PKEY_free(key);
		return CLI_REFUSED;
	}
	for (struct dirent *entry; (entry = readdir(directory));)
		if (entry->d_name[0] != '.' && verify_one(entry->d_name, key) != CLI_DONE)
			result = CLI_REFUSED;
	(void)closedir(directory); /* read only */
	EVP_PKEY_free(key);
	return result;
}
