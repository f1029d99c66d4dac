// The proxy's command socket (HAProxy Management Guide 9.4: master CLI), with blocking calls: use it on an I/O thread
// only.
#pragma once

#include <string>

#include "base/error.h"
#include "gateway/observe.h"

namespace slipway::gateway {

class CommandSocket {
 public:
  explicit CommandSocket(std::string path) : path_(std::move(path)) {}

  // One command to the master; its whole answer. Unavailable when nobody listens, Timeout after 5 s.
  base::Result<std::string> ask(const std::string& command) const;
  base::Result<std::string> ask(int worker, const std::string& command) const;
  // Everything there is to know, of all workers. A worker that ends meanwhile is left out.
  base::Result<Observed> observe(const std::string& weights, const std::string& slots, const std::string& salts) const;

 private:
  base::Result<Worker> observe_worker(const ProcessLine& process, const std::string& weights, const std::string& slots,
                                      const std::string& salts) const;
  std::string path_;
};

// Is this the answer to a command that did what it was told? (Commands answer in prose.)
bool is_success(const std::string& command, const std::string& answer);

}  // namespace slipway::gateway
