// A whole API in virtual time for tests: MemoryStore, ApiServer, and requests as kubectl would send them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apiserver/frame.h"
#include "apiserver/server.h"
#include "apiserver/url.h"
#include "data/json.h"
#include "data/yaml.h"
#include "runtime/sim/loop.h"
#include "store/memory_store.h"

namespace slipway::apiserver::testing {

struct Reply {
  int status = 0;
  std::string content_type;
  std::string text;
  data::Value body;  // null when it is not JSON
  std::vector<std::pair<std::string, std::string>> headers;
  bool answered = false;

  std::string header(std::string_view name) const {
    for (const auto& [key, value] : headers)
      if (key == name) return value;
    return {};
  }
  std::string reason() const { return body["reason"].str(); }
  std::string message() const { return body["message"].str(); }
};

// A watch as its bytes arrive.
class Watched final : public StreamSink {
 public:
  explicit Watched(runtime::Loop& loop) : loop_(loop) {}
  void frame(const FramePtr& frame, const Form& form) override {
    lines.push_back(*frame->bytes(form, loop_.now()));
    events.push_back(*data::parse_json(lines.back()));
  }
  void data(std::string_view bytes) override { text += bytes; }
  void ended() override { done = true; }

  // "ADDED web", "DELETED web" ... of all events so far.
  std::vector<std::string> story() const {
    std::vector<std::string> out;
    for (const data::Value& e : events) out.push_back(e["type"].str() + " " + e["object"]["metadata"]["name"].str());
    return out;
  }

  std::vector<std::string> lines;
  std::vector<data::Value> events;
  std::string text;
  bool done = false;
  std::unique_ptr<Stream> stream;

 private:
  runtime::Loop& loop_;
};

struct Ask {
  std::string method = "GET";
  std::string target;
  std::string body = {};
  std::string content_type = "application/json";
  std::string accept = "application/json";
  std::string if_none_match = {};
};

class Cluster {
 public:
  explicit Cluster(Settings settings = {}, store::MemoryOptions memory = {})
      : store(store::make_memory_store(loop, memory)), server(*store, loop, random, std::move(settings)) {
    server.start();
    loop.run_ready();
  }

  Response raw(const Ask& ask, const Identity& who) {
    HttpParts parts{.method = ask.method,
                    .target = ask.target,
                    .content_type = ask.content_type,
                    .accept = ask.accept,
                    .user_agent = "kubectl/v1.33.1 (linux/amd64)",
                    .if_none_match = ask.if_none_match,
                    .body = ask.body};
    auto request = parse_request(std::move(parts), who);
    if (!request) return Response::of(request.error());
    form = std::holds_alternative<ApiRequest>(*request) ? std::get<ApiRequest>(*request).form : Form{};
    std::optional<Response> out;
    server.handle(std::move(*request), [&](Response response) { out = std::move(response); });
    loop.run_ready();
    if (!out) return Response{.status = 0};
    return std::move(*out);
  }

  Reply ask(const Ask& ask) {
    Response response = raw(ask, who);
    Reply reply{.status = response.status, .answered = response.status != 0};
    Rendered rendered = render(response, form, loop.now());
    reply.text = *rendered.bytes;
    reply.content_type = rendered.content_type;
    reply.headers = rendered.headers;
    bool json = rendered.content_type.starts_with("application/json") && !reply.text.empty();
    if (json) reply.body = *data::parse_json(reply.text);
    return reply;
  }

  Reply get(const std::string& target, const std::string& accept = "application/json") {
    return ask({.target = target, .accept = accept});
  }
  Reply post(const std::string& target, const std::string& yaml) { return send("POST", target, yaml); }
  Reply put(const std::string& target, const std::string& yaml) { return send("PUT", target, yaml); }
  Reply send(const std::string& method, const std::string& target, const std::string& yaml) {
    return ask({.method = method, .target = target, .body = yaml, .content_type = "application/yaml"});
  }
  Reply patch(const std::string& target, const std::string& type, const std::string& body) {
    return ask({.method = "PATCH", .target = target, .body = body, .content_type = type});
  }
  Reply remove(const std::string& target, const std::string& options = "") {
    return ask({.method = "DELETE", .target = target, .body = options});
  }
  std::unique_ptr<Watched> watch(const std::string& target, const std::string& accept = "application/json") {
    Response response = raw({.target = target, .accept = accept}, who);
    auto* stream = std::get_if<std::unique_ptr<Stream>>(&response.body);
    if (stream == nullptr) return nullptr;
    auto out = std::make_unique<Watched>(loop);
    out->stream = std::move(*stream);
    out->stream->start(*out);
    loop.run_ready();
    return out;
  }

  runtime::sim::Loop loop;
  runtime::sim::SeededRandom random{7};
  std::unique_ptr<store::Store> store;
  ApiServer server;
  Identity who = {.user = "admin", .groups = {"system:masters", "system:authenticated"}};
  Form form;
};

inline constexpr const char* kMerge = "application/merge-patch+json";
inline constexpr const char* kStrategic = "application/strategic-merge-patch+json";
inline constexpr const char* kJsonPatch = "application/json-patch+json";
inline constexpr const char* kApply = "application/apply-patch+yaml";
inline constexpr const char* kTable = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

inline constexpr const char* kDeployments = "/apis/apps/v1/namespaces/default/deployments";
inline constexpr const char* kPods = "/api/v1/namespaces/default/pods";
inline constexpr const char* kMaps = "/api/v1/namespaces/default/configmaps";

inline std::string deployment(const std::string& name, const std::string& image = "app:1") {
  return "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: " + name + ", labels: {app: " + name +
         "}}\nspec:\n  replicas: 2\n  selector: {matchLabels: {app: " + name +
         "}}\n  template:\n    metadata: {labels: {app: " + name +
         "}}\n    spec:\n      containers:\n      - {name: main, image: \"" + image + "\"}\n";
}
inline std::string config_map(const std::string& name, const std::string& value = "1", const std::string& extra = "") {
  return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + extra + "}\ndata: {key: \"" + value + "\"}\n";
}
inline std::string pod(const std::string& name, const std::string& node = "") {
  return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + name + "}\nspec:\n" +
         (node.empty() ? "" : "  nodeName: " + node + "\n") + "  containers:\n  - {name: main, image: \"app:1\"}\n";
}

}  // namespace slipway::apiserver::testing
