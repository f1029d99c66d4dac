#include "server/ask.h"

#include "data/json.h"

namespace slipway::server {

using apiserver::PathRequest;
using apiserver::Responder;
using apiserver::Response;
using base::Code;
using data::Value;

namespace {

constexpr const char* kJson = "application/json";

void answer(Responder respond, base::Result<Value> result) {
  respond(result ? Response::text(data::to_json(*result), kJson) : Response::of(result.error()));
}

}  // namespace

void serve_ports(apiserver::ApiServer& api, std::map<std::string, control::Port*> ports) {
  api.add_raw(std::string(kAskPath), [ports = std::move(ports)](PathRequest request, Responder respond) {
    const auto port = ports.find(request.path.substr(kAskPath.size()));
    if (port == ports.end())
      return answer(std::move(respond), base::fail(Code::NotFound, request.path + ": there is no such port"));
    if (request.method != "POST")
      return answer(std::move(respond), base::fail(Code::MethodNotAllowed, "questions are POSTed"));
    auto body = data::parse_json(request.body);
    if (!body) return answer(std::move(respond), base::fail(body.error()));
    port->second->perform((*body)["id"].str(), (*body)["what"],
                          [respond = std::move(respond)](base::Result<Value> result) mutable {
                            answer(std::move(respond), std::move(result));
                          });
  });
}

void RemotePort::perform(const std::string& id, const Value& what, Done done) {
  client_.raw(std::string(kAskPath) + name_, data::to_json(Value::object({{"id", id}, {"what", what}})),
              [name = name_, done = std::move(done)](base::Result<std::string> answer) mutable {
                if (!answer) return done(base::fail(answer.error()));
                auto body = data::parse_json(*answer);
                if (!body) return done(base::fail(Code::Internal, "port " + name + ": the answer is not JSON"));
                done(std::move(*body));
              });
}

}  // namespace slipway::server
