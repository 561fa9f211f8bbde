/* SPDX-License-Identifier: Apache-2.0 */
#include "console/frontend/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <string.h>

#include "common/cleanup.h"
#include "console/frontend/frontend.h"

#define PEER_DEPTH	2  /* device, issuing, root */
#define TICKET_KEYS_MAX 80 /* bytes: name, MAC key, cipher key of OpenSSL's own */

CLEANUP_DEFINE(BIO, BIO_free_all)
CLEANUP_DEFINE(X509, X509_free)
CLEANUP_DEFINE(EVP_PKEY, EVP_PKEY_free)
CLEANUP_DEFINE(SSL_CTX, SSL_CTX_free)

static int read_pem(int directory_fd, const char *name, BIO **ret_pem)
{
	auto_close int fd = openat(directory_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	auto_call(BIO_free_allp) BIO *pem = BIO_new(BIO_s_secmem());
	char buffer[4096];
	size_t total = 0;
	ssize_t got;

	if (fd < 0)
		return -errno;
	while ((got = read(fd, buffer, sizeof(buffer))) > 0) {
		total += (size_t)got;
		if (!pem || total > TLS_FILE_MAX || BIO_write(pem, buffer, (int)got) != got)
			break;
	}
	explicit_bzero(buffer, sizeof(buffer));
	if (got != 0)
		return got < 0 ? -errno : -EFBIG;
	*ret_pem = take_ptr(pem);
	return 0;
}

static int use_chain(SSL_CTX *tls, int directory_fd)
{
	auto_call(BIO_free_allp) BIO *pem = NULL;
	auto_call(X509_freep) X509 *own = NULL;
	X509 *next;
	int r;

	r = read_pem(directory_fd, FRONTEND_CERTIFICATE, &pem);
	if (r < 0)
		return r;
	own = PEM_read_bio_X509(pem, NULL, NULL, NULL);
	if (!own || SSL_CTX_use_certificate(tls, own) != 1)
		return -EBADMSG;
	while ((next = PEM_read_bio_X509(pem, NULL, NULL, NULL)))
		if (SSL_CTX_add0_chain_cert(tls, next) != 1) {
			X509_free(next);
			return -EBADMSG;
		}
	ERR_clear_error(); /* of the end of the file */
	return 0;
}

static int use_key(SSL_CTX *tls, int directory_fd)
{
	auto_call(EVP_PKEY_freep) EVP_PKEY *key = NULL;
	auto_call(BIO_free_allp) BIO *pem = NULL;
	int r;

	r = read_pem(directory_fd, FRONTEND_KEY, &pem);
	if (r < 0)
		return r;
	key = PEM_read_bio_PrivateKey(pem, NULL, NULL, (void *)"");
	if (!key || SSL_CTX_use_PrivateKey(tls, key) != 1 || SSL_CTX_check_private_key(tls) != 1)
		return -EBADMSG;
	return 0;
}

/* Who offers protocols must offer ours: nothing that was meant for another service gets through. */
static int choose_protocol(SSL *ssl, const unsigned char **ret_name, unsigned char *ret_size,
	const unsigned char *offered, unsigned int offered_size, void *userdata)
{
	static const unsigned char ours[] = "\x08http/1.1";
	unsigned char *name;

	(void)ssl;
	(void)userdata;
	if (SSL_select_next_proto(&name, ret_size, ours, sizeof(ours) - 1, offered, offered_size) !=
		OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*ret_name = name;
	return SSL_TLSEXT_ERR_OK;
}

/* So that devices resume over a renewal of the server's certificate. */
static void keep_ticket_keys(SSL_CTX *tls, SSL_CTX *earlier)
{
	uint8_t keys[TICKET_KEYS_MAX];

	if (SSL_CTX_get_tlsext_ticket_keys(earlier, keys, sizeof(keys)) == 1)
		(void)SSL_CTX_set_tlsext_ticket_keys(
			tls, keys, sizeof(keys)); /* else: full handshakes */
	explicit_bzero(keys, sizeof(keys));
}

static int set_up(SSL_CTX *tls)
{
	static const unsigned char context[] = "holdfast-console";

	if (SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION) != 1 ||
		SSL_CTX_set1_groups_list(tls, "X25519:P-256") != 1 ||
		SSL_CTX_set_session_id_context(tls, context, sizeof(context) - 1) != 1 ||
		SSL_CTX_set_num_tickets(tls, 1) != 1)
		return -EIO;
	SSL_CTX_set_options(tls, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
					 SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
	/* tickets are all that resumes: nothing is kept for who has gone */
	SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_timeout(tls, TLS_TICKET_SECONDS);
	SSL_CTX_set_max_cert_list(tls, TLS_PEER_CHAIN_MAX);
	SSL_CTX_set_verify_depth(tls, PEER_DEPTH);
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_alpn_select_cb(tls, choose_protocol, NULL);
	return 0;
}

int tls_new(int directory_fd, SSL_CTX *earlier, SSL_CTX **ret_tls)
{
	auto_call(SSL_CTX_freep) SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
	int r;

	r = tls ? set_up(tls) : -EIO;
	if (r == 0)
		r = use_chain(tls, directory_fd);
	if (r == 0)
		r = use_key(tls, directory_fd);
	ERR_clear_error();
	if (r < 0)
		return r;
	if (earlier)
		keep_ticket_keys(tls, earlier);
	*ret_tls = take_ptr(tls);
	return 0;
}

int tls_trust(SSL_CTX *tls, const struct console_chain *chain)
{
	X509_STORE *store = SSL_CTX_get_cert_store(tls);

	/* ours is believed as it is: its P-384 signature by the root, a fourth of a handshake, was
	 * checked once; one that it replaced is still good by way of the root */
	X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
	for (unsigned int i = 0; i < chain->count; i++) {
		const uint8_t *at = chain->certificates[i].bytes;
		const uint8_t *end = at + chain->certificates[i].size;
		auto_call(X509_freep) X509 *one = d2i_X509(NULL, &at, (long)(end - at));

		/* their names are sent along, so that clients with several find the right one */
		if (!one || at != end || X509_STORE_add_cert(store, one) != 1 ||
			SSL_CTX_add_client_CA(tls, one) != 1)
			return -EBADMSG;
	}
	return 0;
}
