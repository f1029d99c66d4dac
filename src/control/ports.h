// Inward interfaces to what lives outside the API: implemented further out, wired in server/ and rehearse/.
// All are called on the control loop and answer on it, later, exactly once.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "data/value.h"

namespace slipway::control {

// Answers `Ask` and carries out `Tell` effects of one port name.
class Port {
 public:
  using Done = std::move_only_function<void(base::Result<data::Value>)>;
  virtual ~Port() = default;
  virtual void perform(const std::string& id, const data::Value& what, Done done) = 0;
};

// Asked before a pod is stopped: `done` once no new request can reach it and none is under way. Callers bound the wait
// themselves (and then stop the pod all the same), so an implementation may take as long as sessions last.
class DrainGate {
 public:
  struct Pod {
    std::string space;
    std::string name;
    std::string uid;
    std::string ip;
  };
  virtual ~DrainGate() = default;
  virtual void drain(const Pod& pod, std::move_only_function<void()> done) = 0;
};

// Where a child process lives on the network.
enum class NetworkSpace { Host, Node, Pod };

struct Mount {
  std::string source;  // on the host; empty for a fresh tmpfs
  std::string target;  // inside the child's root
  bool read_only = true;
  std::string inside = {};  // a path within `source` that is mounted instead; links in it never lead out of `source`
};

// One child process. The same id never runs twice at once; ids are chosen by the caller and outlive the server.
struct ProcessSpec {
  std::string id;
  std::vector<std::string> argv;                         // argv[0] is resolved inside the root, by PATH of `env`
  std::vector<std::pair<std::string, std::string>> env;  // the whole environment
  std::string cwd = "/";
  std::string root = {};  // directory that becomes "/" (read-only); empty: the host's own
  std::vector<Mount> mounts = {};
  NetworkSpace network = NetworkSpace::Host;
  std::string pod_network = {};    // with NetworkSpace::Pod: name of the network made by `make_pod_network`
  std::uint32_t uid = 0, gid = 0;  // 0: the server's own
  bool private_pids = false;       // a process tree of its own
  std::string stdout_path = {};    // CRI log format, both streams in one file; empty: discarded
  std::string hostname = {};
  std::map<std::string, std::uint64_t> rlimits = {};  // "nofile", "as", "cpu", "nproc"
  std::string cgroup = {};                            // name below the server's own cgroup; empty: none
  std::uint64_t memory_limit = 0, cpu_millis = 0;     // applied to the cgroup where possible; 0: none
  std::vector<int> pass_fds = {};  // become fd 3, 4, ... in the child; sent by copy, the caller keeps its own
  // Enters the namespaces, root and cgroup of this running process (`kubectl exec`): root, mounts, network and
  // private_pids are then not used.
  std::string join = {};
  std::size_t capture = 0;  // keeps the last bytes of the output for ProcessState::output (at most 64 KiB)
};

struct ProcessState {
  std::string id;
  bool running = false;
  std::int64_t pid = 0;  // as the host sees it
  base::Time started = {};
  std::optional<base::Time> ended = {};
  int exit_code = 0;  // 128 + signal when killed
  int signal = 0;
  bool out_of_memory = false;
  std::string output = {};  // of a spec with `capture`, once ended
};

// What this machine lets us do, found out by trying when the host of the processes started.
struct HostReport {
  enum class Rung {
    Isolated,       // as root: namespaces, and a user of its own for each pod
    UserNamespace,  // unprivileged: the same namespaces inside one user namespace; pods are as powerful as the user
                    // outside of their root
    Loopback,       // no namespaces: plain processes on 127.x addresses; NetworkSpace::Node and ::Pod mean the host's
                    // network
  };
  Rung rung = Rung::Loopback;
  bool root = false;                    // may give processes other uids
  bool cgroups = false;                 // memory and cpu limits are applied
  std::vector<std::string> notes = {};  // why not better, for people
};

// Starts and watches processes that outlive the server (the shim). Implemented in node/, also used by gateway/ for the
// proxy, the name server and Prometheus.
class ProcessHost {
 public:
  template <class T>
  using Done = std::move_only_function<void(base::Result<T>)>;
  virtual ~ProcessHost() = default;

  virtual void report(Done<HostReport> done) = 0;
  virtual void spawn(ProcessSpec spec, Done<ProcessState> done) = 0;            // AlreadyExists when the id is running
  virtual void signal(const std::string& id, int signal, Done<bool> done) = 0;  // to the whole process group
  virtual void forget(const std::string& id, Done<bool> done) = 0;              // drops an ended process's record
  virtual void list(Done<std::vector<ProcessState>> done) = 0;  // all known, running and ended: for adoption
  // Told of every end, at least once, also of those that ended while the server was away.
  virtual void on_exit(std::function<void(const ProcessState&)> listener) = 0;

  // A network for one pod inside the node's network; `address` like "10.244.0.7". Idempotent.
  virtual void make_pod_network(const std::string& name, const std::string& address, Done<bool> done) = 0;
  virtual void remove_pod_network(const std::string& name, Done<bool> done) = 0;
  // An address that processes in the node's network can listen on (a Service's VIP). Idempotent.
  virtual void add_node_address(const std::string& address, Done<bool> done) = 0;
  virtual void remove_node_address(const std::string& address, Done<bool> done) = 0;
  // A fresh non-blocking socket(domain, type) made inside the given network, not yet connected or bound; the caller
  // owns the descriptor.
  virtual void open_socket(NetworkSpace network, int domain, int type, Done<int> done) = 0;
};

}  // namespace slipway::control
