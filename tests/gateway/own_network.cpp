#include "own_network.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "runtime/file.h"

namespace slipway::tests {
namespace {

base::Result<void> failed(const std::string& what) {
  return base::fail(base::Code::Unavailable, what + ": " + std::strerror(errno));
}

// One line, in one write: /proc takes no rename.
bool put(const char* path, const std::string& text) {
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  const bool good = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (fd >= 0) ::close(fd);
  return good;
}

// user_namespaces(7): the user outside is root inside.
base::Result<void> become_root_inside(uid_t user, gid_t group) {
  put("/proc/self/setgroups", "deny");
  if (!put("/proc/self/uid_map", "0 " + std::to_string(user) + " 1") ||
      !put("/proc/self/gid_map", "0 " + std::to_string(group) + " 1"))
    return failed("uid_map");
  return {};
}

// netdevice(7). An address on the loopback device makes its whole network local.
base::Result<void> give_to_loopback(const char* alias, const char* address, const char* mask) {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strncpy(request.ifr_name, alias, IFNAMSIZ - 1);
  auto* where = reinterpret_cast<sockaddr_in*>(&request.ifr_addr);
  where->sin_family = AF_INET;
  ::inet_pton(AF_INET, address, &where->sin_addr);
  bool good = ::ioctl(fd, SIOCSIFADDR, &request) == 0;
  ::inet_pton(AF_INET, mask, &where->sin_addr);
  good = good && ::ioctl(fd, SIOCSIFNETMASK, &request) == 0;
  request.ifr_flags = IFF_UP | IFF_RUNNING | IFF_LOOPBACK;
  good = good && ::ioctl(fd, SIOCSIFFLAGS, &request) == 0;
  ::close(fd);
  if (!good) return failed(std::string("address of ") + alias);
  return {};
}

}  // namespace

base::Result<void> enter_own_network() {
  const uid_t user = ::geteuid();
  const gid_t group = ::getegid();
  if (::unshare(user == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET) != 0)
    return failed("no network namespace of our own (root, or kernel.unprivileged_userns_clone=1)");
  if (user != 0)
    if (auto root = become_root_inside(user, group); !root) return root;
  if (auto local = give_to_loopback("lo", "127.0.0.1", "255.0.0.0"); !local) return local;
  return give_to_loopback("lo:1", "10.244.0.1", "255.255.0.0");
}

}  // namespace slipway::tests
