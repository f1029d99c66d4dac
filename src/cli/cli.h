// The command line of the product: what people type, and what comes back.
//
// `run` understands all commands. Those that talk to a cluster are done here, over HTTPS with a kubeconfig; those that
// start or stop things on this machine are passed to the `Backend`, which the program wires. Data goes to standard
// output, talk to standard error; exit codes are `ExitCode`, the same for every command (also: `slipway help
// exit-codes`).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace slipway::cli {

enum class ExitCode : int {
  Reached = 0,         // the goal that was asked for was reached
  Failed = 1,          // the command itself failed: server, network, something unexpected
  Usage = 2,           // wrong usage, or a manifest that does not pass validation
  EndedBadly = 3,      // the release was aborted or rolled back
  NotAllowed = 4,      // not signed in, or not allowed
  TimedOut = 5,        // the wait took too long; the release goes on
  WaitsForPerson = 6,  // it is paused or asks for approval, and the goal was more than that
  Interrupted = 130,   // watching ended by Ctrl-C; the release is not touched
};
inline int to_int(ExitCode code) { return static_cast<int>(code); }

// --- what the Backend is asked for; paths are as typed, `data_dir` is never empty
// -------------------------------------

struct UpOptions {
  bool detach = false;  // return when everything answers; otherwise run until a signal
  std::string data_dir;
  std::uint16_t port = 7443;          // of the API server; 0: any free one
  std::uint16_t gateway_port = 8080;  // of the gateway's HTTP listener; 0: any free one
  std::string listen = "127.0.0.1";
  std::string runtime = "auto";               // auto, isolated, loopback
  bool allow_host_image = false;              // pods may use the machine's own programs
  bool allow_loopback_metrics = false;        // addresses that templates name may be on this machine
  std::vector<std::string> metric_processes;  // "NAME=/path/to/program" that templates may name
  bool prometheus = true;
  bool controllers = true;     // false: a `slipway controller` runs them
  bool modelled = false;       // nothing runs: pods, requests and metrics are modelled
  bool log_decisions = false;  // each as a line of JSON
};

struct DownOptions {
  std::string data_dir;
  bool purge = false;  // also delete the folder
};

struct ControllerOptions {
  std::string kubeconfig;  // as typed; empty: the usual places
  std::string context;
  std::string identity;  // in leader election; empty: made up
  std::string lease_space = "kube-system";
  std::vector<std::string> spaces;            // Releases of these namespaces only; empty: of all
  std::string metrics_listen;                 // "0.0.0.0:9464"; empty: none
  bool releases_only = false;                 // the cluster has controllers for everything else
  bool allow_loopback_metrics = false;        // addresses that templates name may be on this machine
  std::vector<std::string> metric_processes;  // "NAME=/path/to/program" that templates may name
  bool modelled_gateway = false;              // requests and metrics are modelled in this process
  bool log_decisions = false;                 // each as a line of JSON
};

// One replica of the gateway of a cluster that others run.
struct GatewayOptions {
  std::string kubeconfig, context;
  std::string identity;                        // unique among replicas; empty: made up
  std::string lease_space = "slipway-system";  // of its Leases and of the controllers'
  std::string listen = "127.0.0.1";            // where the ports of Gateways are bound
  std::vector<std::string> addresses;          // that Gateways show; empty: of the Service, or what is listened on
  std::string service;                         // NAMESPACE/NAME before the replicas
  std::string control_listen = "127.0.0.1:0";  // for the controllers' questions
  std::string control_host;                    // where they find that; empty: the address of `control_listen`
  std::string metrics_listen;                  // "0.0.0.0:9464"; empty: none
  std::string data_dir;                        // empty: a temporary one
  std::string haproxy = "haproxy";
  int threads = 2;
  int grace_seconds = 5;   // after a SIGTERM requests are still taken for so long, until nobody sends any
  int drain_seconds = 30;  // and then sessions may take so long to end
};

struct NodeOptions {
  std::string kubeconfig, context;
  bool modelled = false;
  bool schedule = false;  // also place pods on nodes: the cluster has no scheduler
  std::string name;       // of the node, or what their names begin with
  int count = 1;
};

struct ImageImportOptions {
  std::string data_dir;
  std::string name;                      // "shop/web:1.9.0"
  std::string source;                    // a folder, an OCI layout, or a tar archive
  std::vector<std::string> entrypoint;   // --entrypoint, may be given several times
  std::vector<std::string> environment;  // --env NAME=VALUE
};

struct ImageListOptions {
  std::string data_dir;
  std::string output;  // "", "json" or "yaml"
};

// Functions return the exit code of the process. An empty function means: not in this program.
struct Backend {
  std::function<int(const UpOptions&)> up = {};
  std::function<int(const DownOptions&)> down = {};
  std::function<int(const ControllerOptions&)> controller = {};
  // Controllers beside a command: they lead when nobody else does, until what is returned is destroyed.
  std::function<std::shared_ptr<void>(const ControllerOptions&)> standby = {};
  std::function<int(const GatewayOptions&)> gateway = {};
  std::function<int(const NodeOptions&)> node = {};
  std::function<int(const ImageImportOptions&)> image_import = {};
  std::function<int(const ImageListOptions&)> image_list = {};
  // Further commands of the program ("demo"): all arguments behind their name are passed on as they are.
  struct Extra {
    std::string name;
    std::string summary;
    std::function<int(const std::vector<std::string>& arguments)> run;
  };
  std::vector<Extra> extra = {};
};

int run(int argc, char** argv, const Backend& backend);

// Where `up` keeps its data unless told otherwise: $SLIPWAY_DATA_DIR, or slipway in $XDG_DATA_HOME or ~/.local/share.
std::string default_data_dir();

}  // namespace slipway::cli
