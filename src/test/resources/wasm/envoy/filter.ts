// A filter as one writes it for Envoy, with an SDK that knows nothing of edgeway.
export * from "@solo-io/proxy-runtime/proxy";
import {
  BaseContext, Context, FilterHeadersStatusValues, GrpcStatusValues, Headers, LogLevelValues, RootContext, log,
  registerRootContext, send_local_response, stream_context
} from "@solo-io/proxy-runtime";

class Root extends RootContext {
  createContext(id: u32): Context {
    return new Filter(id, this);
  }
}

class Filter extends Context {
  onRequestHeaders(count: u32, end: bool): FilterHeadersStatusValues {
    if (stream_context.headers.request.get("x-forbidden") != "") {
      send_local_response(418, "forbidden", String.UTF8.encode("no tea"), [], GrpcStatusValues.Unknown);
      return FilterHeadersStatusValues.StopIteration;
    }
    return FilterHeadersStatusValues.Continue;
  }

  onResponseHeaders(count: u32, end: bool): FilterHeadersStatusValues {
    stream_context.headers.response.add("x-filter", this.root_context.getConfiguration());
    log(LogLevelValues.debug, "stamped");
    return FilterHeadersStatusValues.Continue;
  }
}

registerRootContext((id: u32) => new Root(id), "stamp");
