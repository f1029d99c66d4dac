#include "bed.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/strings.h"
#include "data/json.h"
#include "http/client.h"
#include "runtime/file.h"

namespace slipway::tests {
namespace {

using base::Code;
using base::fail;
using base::Result;
using data::Value;

constexpr base::Duration kValid = base::hours(24);
constexpr base::Duration kLook = base::milliseconds(100);
// Only so that a hang ends with a name: a busy machine may take long to start three programs.
constexpr base::Duration kPatience = base::minutes(5);

const char* name_of(Part part) {
  switch (part) {
    case Part::Etcd:
      return "etcd";
    case Part::ApiServer:
      return "kube-apiserver";
    case Part::ControllerManager:
      return "kube-controller-manager";
  }
  return "";
}

base::Time wall_now() { return std::chrono::time_point_cast<base::Duration>(std::chrono::system_clock::now()); }

std::string tail_of(const std::string& path) {
  auto text = runtime::read_file(path);
  if (!text) return "(no log)";
  return text->size() > 1500 ? text->substr(text->size() - 1500) : *text;
}

std::string local(std::uint16_t port, const char* scheme = "http") {
  return std::string(scheme) + "://127.0.0.1:" + std::to_string(port);
}

AuditedRequest audited_of(const Value& line) {
  const Value& object = line["objectRef"];
  return {.user = line["user"]["username"].str(),
          .verb = line["verb"].str(),
          .group = object["apiGroup"].str(),
          .resource = object["resource"].str(),
          .subresource = object["subresource"].str(),
          .space = object["namespace"].str(),
          .name = object["name"].str(),
          .uri = line["requestURI"].str(),
          .user_agent = line["userAgent"].str(),
          .code = static_cast<int>(line["responseStatus"]["code"].as_int()),
          .allowed = line["annotations"]["authorization.k8s.io/decision"].as_string() != "forbid"};
}

// Made by the controller manager once it works.
constexpr const char* kDefaultAccount = "/api/v1/namespaces/default/serviceaccounts/default";

constexpr const char* kAuditPolicy =
    "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n- level: Metadata\n";

}  // namespace

// The program that gets it is started at once; when somebody was faster, it says so and ends.
std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof address;
  const bool bound = ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  ::close(fd);
  return bound ? ntohs(address.sin_port) : 0;
}

Bed::Bed(const Assets& assets, BedOptions options) : assets_(assets), options_(std::move(options)) {}

Bed::~Bed() {
  for (Part part : {Part::ControllerManager, Part::ApiServer, Part::Etcd}) kill(part);
  if (!folder_.empty() && std::getenv("SLIPWAY_KEEP_BED") == nullptr) std::filesystem::remove_all(folder_);
}

Result<std::unique_ptr<Bed>> Bed::start(const Assets& assets, BedOptions options) {
  std::unique_ptr<Bed> bed(new Bed(assets, std::move(options)));
  if (auto prepared = bed->prepare(); !prepared) return fail(prepared.error());
  for (Part part : {Part::Etcd, Part::ApiServer, Part::ControllerManager})
    if (auto started = bed->start_part(part); !started) return fail(started.error());
  return bed;
}

std::string Bed::server() const { return local(api_port_, "https"); }

Result<void> Bed::write(const std::string& name, const std::string& text) const {
  return runtime::write_file(path(name), text, 0600);
}

// Folder, certificates, keys and files that the parts read.
Result<void> Bed::prepare() {
  const std::string parent = SLIPWAY_BUILD_DIR "/cluster-beds";
  if (auto made = runtime::make_directories(parent); !made) return made;
  std::string pattern = parent + "/bed-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr)
    return fail(Code::Unavailable, "no folder for the test bed below " + parent);
  folder_ = pattern;
  etcd_port_ = free_port(), etcd_peer_port_ = free_port(), api_port_ = free_port();
  ca_ = http::pki::make_ca("test bed", wall_now(), kValid);
  const auto own =
      http::pki::issue_server(ca_, {"127.0.0.1", "localhost", "kubernetes.default.svc"}, wall_now(), kValid);
  // The certificate of this pair is how kube-apiserver gets the public half of the key that signs service account
  // tokens.
  const auto tokens = http::pki::make_ca("service accounts", wall_now(), kValid);
  if (!own) return fail(own.error());
  for (const auto& [name, text] : std::map<std::string, std::string>{{"ca.pem", ca_.certificate},
                                                                     {"ca.key", ca_.key},
                                                                     {"server.pem", own->certificate},
                                                                     {"server.key", own->key},
                                                                     {"tokens.pem", tokens.certificate},
                                                                     {"tokens.key", tokens.key},
                                                                     {"audit.yaml", kAuditPolicy}})
    if (auto written = write(name, text); !written) return written;
  return {};
}

std::vector<std::string> Bed::arguments_of(Part part) const {
  switch (part) {
    case Part::Etcd:
      return {"--data-dir=" + path("etcd-data"),
              "--listen-client-urls=" + local(etcd_port_),
              "--advertise-client-urls=" + local(etcd_port_),
              "--listen-peer-urls=" + local(etcd_peer_port_),
              "--initial-advertise-peer-urls=" + local(etcd_peer_port_),
              "--initial-cluster=default=" + local(etcd_peer_port_)};
    case Part::ApiServer:
      return {"--etcd-servers=" + local(etcd_port_),
              "--bind-address=127.0.0.1",
              "--advertise-address=127.0.0.1",
              "--secure-port=" + std::to_string(api_port_),
              "--endpoint-reconciler-type=none",
              "--client-ca-file=" + path("ca.pem"),
              "--tls-cert-file=" + path("server.pem"),
              "--tls-private-key-file=" + path("server.key"),
              "--authorization-mode=RBAC",
              "--service-account-issuer=https://kubernetes.default.svc",
              "--service-account-key-file=" + path("tokens.pem"),
              "--service-account-signing-key-file=" + path("tokens.key"),
              "--service-cluster-ip-range=10.96.0.0/16",
              "--audit-policy-file=" + path("audit.yaml"),
              "--audit-log-path=" + path("audit.log"),
              "--audit-log-maxsize=100000",  // MB; what is rotated away could not be counted
              "--cert-dir=" + path("certificates")};
    case Part::ControllerManager: {
      const std::string config = kubeconfig({"system:kube-controller-manager", {}});
      return {"--kubeconfig=" + config,
              "--authentication-kubeconfig=" + config,
              "--authorization-kubeconfig=" + config,
              "--service-account-private-key-file=" + path("tokens.key"),
              "--root-ca-file=" + path("ca.pem"),
              "--use-service-account-credentials=true",
              "--leader-elect=false",
              "--secure-port=0",
              "--kube-api-qps=200",
              "--kube-api-burst=400",
              "--cert-dir=" + path("certificates")};
    }
  }
  return {};
}

// setpriv asks the kernel to end the program when we end, however that happens.
Result<void> Bed::launch(Part part) {
  std::vector<std::string> argv = {"setpriv", "--pdeathsig", "KILL", assets_.program(name_of(part))};
  for (std::string& argument : arguments_of(part)) argv.push_back(std::move(argument));
  if (part == Part::ApiServer)
    argv.insert(argv.end(), options_.api_server_flags.begin(), options_.api_server_flags.end());
  if (part == Part::ControllerManager)
    argv.insert(argv.end(), options_.controller_manager_flags.begin(), options_.controller_manager_flags.end());
  auto child = runtime::Child::start(argv, {.output_path = log_of(part)});
  if (!child) return fail(child.error());
  running_.insert_or_assign(part, std::move(*child));
  return {};
}

// etcd is ready when it takes connections; kube-apiserver retries what it may not yet do.
bool Bed::ready(Part part) {
  switch (part) {
    case Part::Etcd:
      return true;
    case Part::ApiServer:
      return api()->fetch("/readyz", "text/plain").has_value();
    case Part::ControllerManager:
      return api()->fetch(kDefaultAccount, "application/json").has_value();
  }
  return false;
}

Result<void> Bed::await(Part part) {
  const auto waiting = api();
  for (const base::Time since = waiting->now(); waiting->now() - since < kPatience;) {
    if (!running_.at(part).running()) break;
    if (ready(part)) return {};
    if (!waiting->pause(kLook)) break;
  }
  return fail(Code::Unavailable,
              std::string(name_of(part)) + " has not become ready; its log ends with\n" + tail_of(log_of(part)));
}

Result<void> Bed::start_part(Part part) {
  if (auto launched = launch(part); !launched) return launched;
  return await(part);
}

void Bed::kill(Part part, int signal) {
  const auto found = running_.find(part);
  if (found == running_.end()) return;
  found->second.signal(signal);
  found->second.wait();
  running_.erase(found);
}

std::string Bed::log_of(Part part) const { return path(std::string(name_of(part)) + ".log"); }

client::Connection Bed::connection(const http::Identity& who) const {
  const auto own = http::pki::issue_client(ca_, who, wall_now(), kValid);
  return {.server = server(), .ca = ca_.certificate, .certificate = own->certificate, .key = own->key};
}

std::string Bed::kubeconfig(const http::Identity& who) const {
  std::string file = who.common_name;
  for (char& c : file)
    if (c == ':' || c == '/') c = '-';
  file = path(file + ".kubeconfig");
  if (!std::filesystem::exists(file)) (void)client::save_kubeconfig(file, connection(who));
  return file;
}

std::unique_ptr<cli::Api> Bed::api() const { return api({"admin", {"system:masters"}}); }

std::unique_ptr<cli::Api> Bed::api(const http::Identity& who) const {
  auto connected = cli::connect({.kubeconfig = kubeconfig(who)});
  if (!connected) std::abort();  // our own file
  return std::move(*connected);
}

Result<runtime::Finished> Bed::kubectl(std::vector<std::string> arguments) const {
  std::vector<std::string> argv = {assets_.program("kubectl"), "--kubeconfig=" + admin_kubeconfig()};
  for (std::string& argument : arguments) argv.push_back(std::move(argument));
  return runtime::run_program(argv, {.environment = {"HOME=" + folder_}});
}

// By etcd's gateway from JSON to gRPC.
Result<void> Bed::compact() const {
  runtime::real::Loop loop;
  http::Client client(loop, {.host = "127.0.0.1", .port = etcd_port_});
  const auto ask = [&](const std::string& what, const Value& body) -> Result<Value> {
    std::optional<Result<http::Response>> got;
    const auto call = client.send(
        {.method = "POST", .target = "/v3/kv/" + what, .body = http::bytes_of(data::to_json(body))},
        [&](Result<http::Response> response) { got = std::move(response); });
    while (!got) loop.run_one();
    if (!*got) return fail(got->error());
    if ((*got)->status != 200) return fail(Code::Internal, "etcd: " + what + ": " + (*got)->body);
    return data::parse_json((*got)->body);
  };
  // Numbers of 64 bits are strings in its JSON; a key is base64, "/".
  const auto range = ask("range", Value::object({{"key", "Lw=="}}));
  if (!range) return fail(range.error());
  const auto compacted =
      ask("compaction", Value::object({{"revision", (*range)["header"]["revision"]}, {"physical", true}}));
  if (!compacted) return fail(compacted.error());
  return {};
}

std::vector<AuditedRequest> Bed::audited(const std::string& user) const {
  std::vector<AuditedRequest> out;
  std::ifstream in(path("audit.log"));
  for (std::string line; std::getline(in, line);) {
    const auto document = data::parse_json(line);
    if (!document) continue;  // the last line may not be whole yet
    AuditedRequest request = audited_of(*document);
    if (user.empty() || request.user == user) out.push_back(std::move(request));
  }
  return out;
}

}  // namespace slipway::tests
