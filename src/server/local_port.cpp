#include "server/local_port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/strings.h"
#include "node/runtimes/proc_net.h"
#include "node/unique_fd.h"
#include "runtime/file.h"
#include "runtime/ipv4.h"

namespace slipway::server {

namespace {

// 0 or errno. As a server would: what a closed connection leaves behind for a minute is no obstacle.
int try_to_listen(int fd, const sockaddr_in& where) {
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0 || listen(fd, 1) != 0) return errno;
  return 0;
}

// Of another user's process only root sees the name.
std::string holder_of(const std::string& address, int port) {
  const pid_t pid = node::process_holding(node::listening_inodes(address, port));
  if (pid == 0) return "";
  const std::string name(base::trim(runtime::read_file("/proc/" + std::to_string(pid) + "/comm").value_or("")));
  return " by " + name + " (process " + std::to_string(pid) + ")";
}

}  // namespace

bool is_ipv4(const std::string& address) {
  in_addr parsed{};
  return inet_pton(AF_INET, address.c_str(), &parsed) == 1;
}

std::string why_not_listen(const std::string& address, int port) {
  const node::UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int error = fd ? try_to_listen(fd.get(), runtime::ipv4(address, port)) : errno;
  switch (error) {
    case 0:
      return "";
    case EADDRINUSE:
      return "in use" + holder_of(address, port);
    case EADDRNOTAVAIL:
      return "this machine has no such address";
    case EACCES:
      return "ports below 1024 are for root";
    default:
      return std::strerror(error);
  }
}

base::Result<int> free_port(const std::string& address) {
  const node::UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in where = runtime::ipv4(address, 0);
  socklen_t length = sizeof where;
  if (!fd || try_to_listen(fd.get(), where) != 0 ||
      getsockname(fd.get(), reinterpret_cast<sockaddr*>(&where), &length) != 0)
    return base::fail(base::Code::Unavailable, "no port of " + address + " can be had: " + std::strerror(errno));
  return ntohs(where.sin_port);
}

}  // namespace slipway::server
