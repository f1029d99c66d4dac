// DNS for pods: names of Services, and of pods behind headless ones, answered by dnsmasq as a child process. Control
// loop only.
#pragma once

#include <string>

#include "gateway/child_keeper.h"
#include "gateway/service.h"

namespace slipway::gateway {

struct NameServerOptions {
  std::string config_dir;              // the file of names
  std::string address = "10.244.0.1";  // to answer on
  int port = 53;
  control::NetworkSpace network = control::NetworkSpace::Node;
  std::string dnsmasq = "dnsmasq";
};

class NameServer {
 public:
  NameServer(runtime::Loop& loop, control::ProcessHost& host, NameServerOptions options);

  // Starts or adopts the process, with the names of last time until `publish` has newer ones.
  void start();
  // Names -> IPv4 addresses from now on (Gateway::names). Starts the process when `start` has not.
  void publish(const Names& names);
  bool running() const { return keeper_.running(); }
  std::string problem() const { return problem_.empty() ? keeper_.problem() : problem_; }

 private:
  base::Result<control::ProcessSpec> spec() const;
  void write_names(const std::string& text);

  NameServerOptions options_;
  ChildKeeper keeper_;
  bool started_ = false;
  std::string problem_;
};

// /etc/resolv.conf of a pod in namespace `space`, as a kubelet writes it for dnsPolicy ClusterFirst.
std::string resolv_conf(const std::string& name_server, const std::string& space);

}  // namespace slipway::gateway
