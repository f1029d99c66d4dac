// Who listens? In loopback mode all pods share the host's network, so an answer on a pod's address may come from
// somebody else.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace slipway::node {

// Inodes of the sockets that take connections for ip:port, also those bound to every address (proc(5): /proc/net/tcp
// and tcp6).
std::vector<std::string> listening_inodes(const std::string& ip, int port);
// Does a process of this session hold one of these sockets? Containers are sessions: the shim calls setsid for each.
bool session_holds(pid_t session, const std::vector<std::string>& inodes);
// Some process that holds one of these sockets, as far as we may see; 0: none.
pid_t process_holding(const std::vector<std::string>& inodes);

}  // namespace slipway::node
