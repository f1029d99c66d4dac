#include "apiserver/audit.h"

#include "data/json.h"

namespace slipway::apiserver {

using data::Value;

std::string audit_line(const ApiRequest& request, int status, base::Time now) {
  const Target& t = request.target;
  Value groups = Value::array_of(std::vector<Value>(request.who.groups.begin(), request.who.groups.end()));
  Value line = Value::object({{"time", base::format_micro_time(now)},
                              {"user", request.who.user},
                              {"groups", std::move(groups)},
                              {"verb", text_of(request.verb)},
                              {"resource", t.qualified()},
                              {"code", status}});
  const std::pair<const char*, const std::string&> places[] = {
      {"namespace", t.space}, {"name", t.name}, {"subresource", t.subresource}, {"agent", request.user_agent}};
  for (const auto& [key, value] : places)
    if (!value.empty()) line.set(key, value);
  if (request.options.dry_run) line.set("dryRun", true);
  return data::to_json(line);
}

}  // namespace slipway::apiserver
