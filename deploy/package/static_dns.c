/* Linked only into the zip's bootstrap, which is static.
 *
 * glibc reads in /etc/nsswitch.conf where to look up a host's name. "files" and "dns" are built in;
 * for any other word even a static program loads a shared object of the system's, which was made
 * for the system's glibc and not for the one inside. That ends in a crash. So the words are said
 * here, before main().
 */
#include <nss.h>
#include <stdlib.h>

__attribute__((constructor)) static void look_up_hosts_by_files_and_dns(void)
{
    if (__nss_configure_lookup("hosts", "files dns")) {
        abort();
    }
}
