// The real runtime: containers are processes of the shim, isolated or on loopback as the machine allows.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "control/ports.h"
#include "node/images/store.h"
#include "node/pod_runtime.h"
#include "node/runtimes/layout.h"
#include "runtime/real/loop.h"

namespace slipway::node {

struct ProcessRuntimeOptions {
  std::string data_dir;
  std::string dns_address = {};  // name server of pods; empty: the machine's own resolv.conf is shown
  std::string cluster_domain = "cluster.local";
};

class ProcessRuntime final : public PodRuntime {
 public:
  ProcessRuntime(runtime::real::Loop& loop, control::ProcessHost& host, images::Store& images,
                 ProcessRuntimeOptions options);
  ~ProcessRuntime() override;

  void report(Done<RuntimeReport> done) override;
  base::Result<Image> resolve(const std::string& reference) override;
  void make_sandbox(Sandbox sandbox, Done<bool> done) override;
  void put_volume(const Sandbox& sandbox, Volume volume, Done<bool> done) override;
  void remove_sandbox(const std::string& uid, Done<bool> done) override;
  void remove_logs(const Sandbox& sandbox) override;
  void remove_kept(const std::string& name) override;
  void start(ContainerSpec spec, Done<ContainerState> done) override;
  void signal(const ContainerKey& key, int signal, Done<bool> done) override;
  void forget(const ContainerKey& key) override;
  void list(Done<Everything> done) override;
  void on_end(std::function<void(const ContainerState&)> listener) override;
  void check_exec(const ContainerKey& key, std::vector<std::string> argv, base::Duration limit,
                  Done<CheckResult> done) override;
  void check_http(const ContainerKey& key, HttpCheck check, base::Duration limit, Done<CheckResult> done) override;
  void check_tcp(const ContainerKey& key, std::string ip, int port, base::Duration limit,
                 Done<CheckResult> done) override;

 private:
  struct Exec {
    Done<CheckResult> done;
    runtime::Timer limit;
    bool late = false;
  };
  bool loopback() const { return report_.rung == control::HostReport::Rung::Loopback; }
  void with_report(std::function<void(base::Result<void>)> next);
  base::Result<void> write_sandbox(const Sandbox& sandbox) const;
  base::Result<void> keep(const std::string& name, const std::string& link, std::uint32_t owner) const;
  base::Result<control::ProcessSpec> make_process(const ContainerSpec& spec) const;
  void spawn(control::ProcessSpec process, const ContainerKey& key, Done<ContainerState> done);
  ContainerState state_of(const control::ProcessState& state, const ContainerKey& key);
  void ended(const control::ProcessState& state);
  void exec_ended(const std::string& id, const control::ProcessState& state);
  void with_socket(Done<int> done);
  Done<CheckResult> only_from_the_pod(const ContainerKey& key, std::string ip, int port, Done<CheckResult> done);
  bool is_pods_own(const ContainerKey& key, const std::string& ip, int port);

  runtime::real::Loop& loop_;
  control::ProcessHost& host_;
  images::Store& images_;
  ProcessRuntimeOptions options_;
  Layout layout_;
  control::HostReport report_;
  bool reported_ = false;
  std::vector<std::function<void(const ContainerState&)>> listeners_;
  std::map<ContainerKey, std::int64_t> pids_;
  std::map<ContainerKey, std::set<std::string>> own_sockets_;  // inodes that were found to be the pod's
  std::map<std::string, Exec> execs_;
  std::uint64_t next_exec_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace slipway::node
