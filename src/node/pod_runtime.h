// What the node agent needs of the thing that runs pods: small verbs, no decisions.
//
// Real implementations put processes behind it (runtimes/); a model can, too: nothing here speaks of processes, files
// or sockets. Control loop only; every `Done` answers later, exactly once. Containers are named by pod uid, container
// name and attempt (the restart count), so that an agent that has just started recognises what runs: `list` tells all,
// and ends are told at least once.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "data/value.h"

namespace slipway::node {

struct ContainerKey {
  std::string pod;  // uid
  std::string container;
  std::int64_t attempt = 0;
  auto operator<=>(const ContainerKey&) const = default;
};

struct ContainerState {
  ContainerKey key;
  bool running = false;
  base::Time started = {};
  std::optional<base::Time> ended = {};
  int exit_code = 0;
  int signal = 0;
  bool out_of_memory = false;
  std::string message = {};  // what the container wrote to its terminationMessagePath
  bool operator==(const ContainerState&) const = default;
};

struct Image {
  std::string reference;  // "shop/web:1.9.0", as the pod names it
  std::string digest;     // "sha256:..."; empty for the machine's own programs
  std::string root;       // folder
  std::vector<std::string> entrypoint, command;
  std::vector<std::pair<std::string, std::string>> env;
  std::string workdir = "/";
  std::int64_t uid = 0;  // of the image's USER, when it is a number; 0: none
};

// One file of a volume.
struct VolumeFile {
  std::string path;  // relative, without ".."
  std::string bytes;
  std::uint32_t mode = 0644;
  auto operator<=>(const VolumeFile&) const = default;
};

struct Volume {
  std::string name;
  bool scratch = false;                // an emptyDir: writable, starts empty
  std::string kept = {};               // a folder of the node by this name, which outlives the pod: writable
  std::vector<VolumeFile> files = {};  // otherwise: shown read-only, replaced as a whole
  bool operator==(const Volume&) const = default;
};

struct Sandbox {
  std::string uid, space, name, hostname, ip;
};

struct VolumeMount {
  std::string volume, path, sub_path;
  bool read_only = false;
};

struct ContainerSpec {
  ContainerKey key;
  Sandbox sandbox;
  Image image;
  std::vector<std::string> argv;
  std::vector<std::pair<std::string, std::string>> env;
  std::string cwd;
  std::vector<VolumeMount> mounts;
  std::int64_t run_as = 0;  // securityContext.runAsUser; 0: the pod's own user
  std::uint64_t memory_limit = 0, cpu_millis = 0;
  std::string termination_path = "/dev/termination-log";
};

struct HttpCheck {
  std::string ip, scheme = "HTTP", path = "/";
  int port = 0;
  std::vector<std::pair<std::string, std::string>> headers = {};
};

struct CheckResult {
  bool ok = false;
  std::string output;  // why not, for people
  bool operator==(const CheckResult&) const = default;
};

struct RuntimeReport {
  std::string name;                     // "isolated", "user-namespace", "loopback"
  std::string pod_range;                // the first two bytes of pod addresses: "10.244", "127.20"
  bool limits = false;                  // memory and cpu limits are applied
  std::vector<std::string> notes = {};  // what is missing here, for people
};

class PodRuntime {
 public:
  template <class T>
  using Done = std::move_only_function<void(base::Result<T>)>;
  virtual ~PodRuntime() = default;

  virtual void report(Done<RuntimeReport> done) = 0;
  // NotFound with the remedy in its text when there is no such image; Forbidden for the machine's programs without
  // permission.
  virtual base::Result<Image> resolve(const std::string& reference) = 0;

  // Network and folders of a pod. Idempotent. Volumes come before containers.
  virtual void make_sandbox(Sandbox sandbox, Done<bool> done) = 0;
  virtual void put_volume(const Sandbox& sandbox, Volume volume, Done<bool> done) = 0;
  virtual void remove_sandbox(const std::string& uid, Done<bool> done) = 0;  // with everything of the pod but its logs
  virtual void remove_logs(const Sandbox& sandbox) = 0;
  virtual void remove_kept(const std::string& name) = 0;  // a kept folder that no pod uses, with all that is in it

  virtual void start(ContainerSpec spec, Done<ContainerState> done) = 0;
  virtual void signal(const ContainerKey& key, int signal, Done<bool> done) = 0;
  virtual void forget(const ContainerKey& key) = 0;  // an ended one
  // What runs and what has ended, and the sandboxes that exist: for a new agent.
  struct Everything {
    std::vector<ContainerState> containers;
    std::vector<Sandbox> sandboxes;
  };
  virtual void list(Done<Everything> done) = 0;
  virtual void on_end(std::function<void(const ContainerState&)> listener) = 0;

  // Probes and hooks. The answer comes within `limit`; a failure to ask is a result that is not ok.
  virtual void check_exec(const ContainerKey& key, std::vector<std::string> argv, base::Duration limit,
                          Done<CheckResult> done) = 0;
  virtual void check_http(const ContainerKey& key, HttpCheck check, base::Duration limit, Done<CheckResult> done) = 0;
  virtual void check_tcp(const ContainerKey& key, std::string ip, int port, base::Duration limit,
                         Done<CheckResult> done) = 0;
};

}  // namespace slipway::node
