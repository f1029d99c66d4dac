#include "server/identity.h"

#include <unistd.h>

namespace slipway::server {

std::string own_identity(runtime::Random& random) {
  char host[256] = "unknown";
  gethostname(host, sizeof host - 1);
  return std::string(host) + "_" + runtime::make_uid(random);
}

}  // namespace slipway::server
