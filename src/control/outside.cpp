#include "control/outside.h"

#include "base/strings.h"

namespace slipway::control {

using data::Value;

namespace {

Value question_about(const api::Resource& resource, std::string_view space) {
  return Value::object({{"apiVersion", resource.api_version()},
                        {"kind", resource.kind},
                        {"resource", resource.plural},
                        {"namespaced", resource.namespaced},
                        {"namespace", space}});
}

client::Request request_about(const Value& what, client::Verb verb) {
  api::Resource resource;
  const std::vector<std::string_view> parts = base::split(what["apiVersion"].as_string(), '/');
  resource.group = parts.size() > 1 ? std::string(parts[0]) : std::string();
  resource.version = parts.back();
  resource.plural = what["resource"].as_string();
  resource.kind = what["kind"].as_string();
  resource.namespaced = what["namespaced"].as_bool(true);
  client::Request request{.verb = verb, .resource = std::move(resource)};
  request.space = what["namespace"].as_string();
  return request;
}

}  // namespace

Value ObjectPort::question(const api::Resource& resource, std::string_view space, std::string_view name) {
  return question_about(resource, space).with("name", name);
}

void ObjectPort::perform(const std::string&, const Value& what, Done done) {
  client::Request request = request_about(what, client::Verb::Get);
  request.name = what["name"].as_string();
  const bool any = request.name.empty();
  if (any) {
    request.verb = client::Verb::List;
    request.limit = 1;
  }
  api_.call(std::move(request), [any, done = std::move(done)](client::Answer answer) mutable {
    if (!answer && answer.error().code == base::Code::NotFound) return done(Value());
    if (answer && any) return done((*answer)["items"].at(0));
    done(std::move(answer));
  });
}

Value ListPort::question(const api::Resource& resource, std::string_view space, std::string_view field_selector,
                         std::int64_t limit) {
  return question_about(resource, space).with("fieldSelector", field_selector).with("limit", limit);
}

void ListPort::perform(const std::string&, const Value& what, Done done) {
  client::Request request = request_about(what, client::Verb::List);
  request.field_selector = what["fieldSelector"].str();
  request.limit = what["limit"].as_int();
  api_.call(std::move(request), [done = std::move(done)](client::Answer answer) mutable {
    if (!answer) return done(std::move(answer));
    done((*answer)["items"]);
  });
}

Value TimerPort::question(base::Duration wait) {
  return Value::object({{"milliseconds", static_cast<std::int64_t>(wait / base::milliseconds(1))}});
}

void TimerPort::perform(const std::string&, const Value& what, Done done) {
  const std::uint64_t serial = ++serials_;
  timers_[serial] =
      loop_.after(base::milliseconds(what["milliseconds"].as_int()), [this, serial, done = std::move(done)]() mutable {
        auto timer = timers_.extract(serial);
        done(Value());
      });
}

}  // namespace slipway::control
