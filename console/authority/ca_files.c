/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PEM files of certificates and keys. Each is written beside its place, synced and renamed, or
 * linked where it must not replace one. Where there is a URI in the issuing key's place, the key is
 * in a token.
 */
#include "console/authority/ca_files.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/file.h"
#include "console/frontend/frontend.h"

#define KEY_MODE	 0600
#define CERTIFICATE_MODE 0644
/* RFC 7914; 16 MiB and about a third of a second: what OpenSSL takes back without being told */
#define SCRYPT_N  16384
#define SCRYPT_R  8
#define SCRYPT_P  5
#define SALT_SIZE 16

CLEANUP_DEFINE(BIO, BIO_free_all)
CLEANUP_DEFINE(X509, X509_free)
CLEANUP_DEFINE(EVP_PKEY, EVP_PKEY_free)
CLEANUP_DEFINE(PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free)

/* is_new: -EEXIST when there is one. What a key was in is cleared by BIO_s_secmem(). */
static int write_file(int directory_fd, const char *name, BIO *pem, mode_t mode, bool is_new)
{
	char *bytes;
	long size = BIO_get_mem_data(pem, &bytes);
	const struct file_content content = {.bytes = bytes,
		.size = (size_t)size,
		.mode = mode,
		.group = FILE_GROUP_NONE,
		.is_new = is_new};

	return file_replace(directory_fd, name, &content);
}

static int write_certificates(int directory_fd, const char *name, const X509 *const *certificates,
	size_t count, bool is_new)
{
	auto_call(BIO_free_allp) BIO *pem = BIO_new(BIO_s_mem());

	for (size_t i = 0; pem && i < count; i++)
		if (!PEM_write_bio_X509(pem, certificates[i]))
			return -EIO;
	return pem ? write_file(directory_fd, name, pem, CERTIFICATE_MODE, is_new) : -EIO;
}

static int write_key(int directory_fd, const char *name, const EVP_PKEY *key, bool is_new)
{
	auto_call(BIO_free_allp) BIO *pem = BIO_new(BIO_s_secmem());

	if (!pem || !PEM_write_bio_PKCS8PrivateKey(pem, key, NULL, NULL, 0, NULL, NULL))
		return -EIO;
	return write_file(directory_fd, name, pem, KEY_MODE, is_new);
}

/* PKCS#8 with PBES2: scrypt, AES-256-CBC; `openssl pkey` reads it. */
static int write_sealed_key(
	int directory_fd, const char *name, const EVP_PKEY *key, const char *passphrase)
{
	auto_call(PKCS8_PRIV_KEY_INFO_freep) PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	auto_call(BIO_free_allp) BIO *pem = BIO_new(BIO_s_mem());
	uint8_t salt[SALT_SIZE];
	X509_ALGOR *algorithm;
	X509_SIG *sealed;
	int written;

	if (!info || !pem || RAND_bytes(salt, sizeof(salt)) != 1)
		return -EIO;
	algorithm = PKCS5_pbe2_set_scrypt(
		EVP_aes_256_cbc(), salt, sizeof(salt), NULL, SCRYPT_N, SCRYPT_R, SCRYPT_P);
	if (!algorithm)
		return -EIO;
	sealed = PKCS8_set0_pbe(passphrase, (int)strlen(passphrase), info, algorithm);
	if (!sealed) {
		X509_ALGOR_free(algorithm);
		return -EIO;
	}
	written = PEM_write_bio_PKCS8(pem, sealed);
	X509_SIG_free(sealed);
	return written ? write_file(directory_fd, name, pem, KEY_MODE, true) : -EIO;
}

/* The whole file in memory that is cleared; -EACCES when is_secret and others may read it. */
static int read_file(int directory_fd, const char *name, bool is_secret, BIO **ret_bytes)
{
	auto_close int fd = openat(directory_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	auto_call(BIO_free_allp) BIO *bytes = BIO_new(BIO_s_secmem());
	char buffer[4096];
	size_t total = 0;
	struct stat status;
	ssize_t got;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (is_secret && (status.st_mode & 077))
		return -EACCES;
	while ((got = read(fd, buffer, sizeof(buffer))) > 0) {
		total += (size_t)got;
		if (!bytes || total > CA_FILE_MAX || BIO_write(bytes, buffer, (int)got) != got)
			break;
	}
	explicit_bzero(buffer, sizeof(buffer));
	if (got != 0)
		return got < 0 ? -errno : -EFBIG;
	*ret_bytes = take_ptr(bytes);
	return 0;
}

static int read_certificate(int directory_fd, const char *name, X509 **ret_certificate)
{
	auto_call(BIO_free_allp) BIO *pem = NULL;
	int r;

	r = read_file(directory_fd, name, false, &pem);
	if (r < 0)
		return r;
	*ret_certificate = PEM_read_bio_X509(pem, NULL, NULL, NULL);
	return *ret_certificate ? 0 : -EBADMSG;
}

/* passphrase "" for a key that is in the clear: OpenSSL asks nobody. -EACCES for a wrong one. */
static int read_key(int directory_fd, const char *name, const char *passphrase, EVP_PKEY **ret_key)
{
	auto_call(BIO_free_allp) BIO *pem = NULL;
	int r;

	r = read_file(directory_fd, name, true, &pem);
	if (r < 0)
		return r;
	*ret_key = PEM_read_bio_PrivateKey(pem, NULL, NULL, (void *)passphrase);
	if (*ret_key)
		return 0;
	return passphrase[0] ? -EACCES : -EBADMSG;
}

/* -ENOENT when the key is no token's. */
static int read_uri(int directory_fd, struct token_uri *ret_uri, char ret_words[TOKEN_WORDS_MAX])
{
	auto_call(BIO_free_allp) BIO *bytes = NULL;
	char text[TOKEN_URI_MAX] = "";
	const char *why;
	int r;

	r = read_file(directory_fd, CA_ISSUING_URI, false, &bytes);
	if (r < 0)
		return r;
	(void)BIO_gets(bytes, text, sizeof(text)); /* nothing: no URI */
	text[strcspn(text, "\n")] = '\0';
	r = token_uri_parse(text, ret_uri, &why);
	if (r < 0)
		(void)snprintf(ret_words, TOKEN_WORDS_MAX, CA_ISSUING_URI ": %s", why);
	return r;
}

static int write_uri(int directory_fd, const char *uri)
{
	auto_call(BIO_free_allp) BIO *bytes = BIO_new(BIO_s_mem());

	if (!bytes || BIO_printf(bytes, "%s\n", uri) <= 0)
		return -EIO;
	return write_file(directory_fd, CA_ISSUING_URI, bytes, KEY_MODE, true);
}

static int issuing_key(int directory_fd, bool *ret_has_network, EVP_PKEY **ret_key,
	char ret_words[TOKEN_WORDS_MAX])
{
	struct token_uri uri;
	int r;

	r = read_uri(directory_fd, &uri, ret_words);
	if (r == -ENOENT)
		return read_key(directory_fd, CA_ISSUING_KEY, "", ret_key);
	if (r < 0)
		return r;
	*ret_has_network = uri.has_network;
	return token_key_open(directory_fd, &uri, ret_key, ret_words);
}

/* uri: of a token, whose key it is then; "" = as there is one, else a file. */
static int make_issuing(int directory_fd, const struct ca_pair *root, bool is_new, const char *uri,
	char ret_words[TOKEN_WORDS_MAX])
{
	auto_call(EVP_PKEY_freep) EVP_PKEY *key = NULL;
	struct token_uri where;
	struct ca_pair issuing;
	const X509 *certificate;
	const char *why;
	int r = 0;

	if (uri[0]) {
		r = token_uri_parse(uri, &where, &why);
		if (r < 0)
			(void)snprintf(ret_words, TOKEN_WORDS_MAX, "the URI of the key: %s", why);
	} else if (!is_new) {
		r = read_uri(directory_fd, &where, ret_words);
	} else {
		r = -ENOENT;
	}
	if (r == 0)
		r = token_key_open(directory_fd, &where, &key, ret_words);
	else if (r == -ENOENT)
		r = 0; /* a file */
	if (r == 0)
		r = ca_issuing_new(root, key, time(NULL), &issuing);
	if (r < 0)
		return r;
	certificate = issuing.certificate;
	if (!key)
		r = write_key(directory_fd, CA_ISSUING_KEY, issuing.key, is_new);
	else if (uri[0])
		r = write_uri(directory_fd, uri);
	if (r == 0)
		r = write_certificates(
			directory_fd, CA_ISSUING_CERTIFICATE, &certificate, 1, is_new);
	ca_pair_done(&issuing);
	return r;
}

int ca_files_create(int directory_fd, const struct ca_plan *plan, char ret_words[TOKEN_WORDS_MAX])
{
	static const char *const names[] = {CA_ROOT_CERTIFICATE, CA_ROOT_KEY,
		CA_ISSUING_CERTIFICATE, CA_ISSUING_KEY, CA_ISSUING_URI};
	const X509 *certificate;
	struct ca_pair root;
	int r;

	ret_words[0] = '\0';
	if (strlen(plan->passphrase) < CA_PASSPHRASE_MIN)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (faccessat(directory_fd, names[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return -EEXIST;
	r = ca_root_new(plan->tenant, time(NULL), &root);
	if (r < 0)
		return r;
	certificate = root.certificate;
	r = write_sealed_key(directory_fd, CA_ROOT_KEY, root.key, plan->passphrase);
	if (r == 0)
		r = write_certificates(directory_fd, CA_ROOT_CERTIFICATE, &certificate, 1, true);
	if (r == 0)
		r = make_issuing(directory_fd, &root, true, plan->uri ? plan->uri : "", ret_words);
	ca_pair_done(&root);
	return r;
}

int ca_files_renew_issuing(int directory_fd, const char *passphrase)
{
	char words[TOKEN_WORDS_MAX];
	struct ca_pair root = {0};
	int r;

	r = read_certificate(directory_fd, CA_ROOT_CERTIFICATE, &root.certificate);
	if (r == 0)
		r = read_key(directory_fd, CA_ROOT_KEY, passphrase, &root.key);
	if (r == 0)
		r = make_issuing(directory_fd, &root, false, "", words);
	ca_pair_done(&root);
	return r;
}

int ca_files_open(int directory_fd, struct ca_files *ret_files)
{
	struct ca_files files = {0};
	int r;

	r = read_certificate(directory_fd, CA_ROOT_CERTIFICATE, &files.root);
	if (r == 0)
		r = read_certificate(
			directory_fd, CA_ISSUING_CERTIFICATE, &files.issuing.certificate);
	if (r == 0)
		r = issuing_key(directory_fd, &files.has_network, &files.issuing.key, files.words);
	if (r == 0 &&
		(X509_check_private_key(files.issuing.certificate, files.issuing.key) != 1 ||
			X509_check_issued(files.root, files.issuing.certificate) != X509_V_OK))
		r = -EBADMSG;
	files.is_token = faccessat(directory_fd, CA_ISSUING_URI, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	if (r < 0)
		ca_files_done(&files);
	*ret_files = files;
	return r;
}

void ca_files_done(struct ca_files *files)
{
	ca_pair_done(&files->issuing);
	X509_free(files->root);
	files->root = NULL;
}

int ca_files_server(int directory_fd, int tls_directory_fd, const char *const *names, size_t count)
{
	struct ca_files files;
	struct ca_pair server;
	int r;

	r = ca_files_open(directory_fd, &files);
	if (r < 0)
		return r;
	r = ca_server_new(&files.issuing, names, count, time(NULL), &server);
	if (r == 0) {
		const X509 *chain[] = {server.certificate, files.issuing.certificate};

		r = write_key(tls_directory_fd, FRONTEND_KEY, server.key, false);
		if (r == 0)
			r = write_certificates(tls_directory_fd, FRONTEND_CERTIFICATE, chain,
				sizeof(chain) / sizeof(chain[0]), false);
		ca_pair_done(&server);
	}
	ca_files_done(&files);
	return r;
}
