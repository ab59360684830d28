package whenflow.kafka;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.errors.RetriableException;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.sink.SinkConnector;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.sink.SinkTask;

/**
 * An HTTP sink for Kafka Connect, for the tests: one POST for each record, as Confluent's sends them with
 * batch.max.size=1. A server's fault or silence has Connect deliver the records again; any other refusal stops the task.
 *
 * Where it begins again is Connect's own matter: from the offsets that were committed last.
 */
public final class HttpSink extends SinkConnector {
    private static final String URL = "http.api.url";
    private static final String HEADERS = "headers";
    private Map<String, String> settings;

    @Override
    public void start(Map<String, String> given) {
        settings = given;
    }

    @Override
    public Class<? extends Task> taskClass() {
        return Sender.class;
    }

    @Override
    public List<Map<String, String>> taskConfigs(int tasks) {
        return Collections.nCopies(tasks, settings);
    }

    @Override
    public void stop() {
        // nothing is held
    }

    @Override
    public ConfigDef config() {
        return new ConfigDef()
                .define(URL, ConfigDef.Type.PASSWORD, ConfigDef.Importance.HIGH, "Where to post to")
                .define(HEADERS, ConfigDef.Type.PASSWORD, "", ConfigDef.Importance.LOW, "Name: value|Name: value");
    }

    @Override
    public String version() {
        return "1";
    }

    /** Posts the records of some partitions, one after the other. */
    public static final class Sender extends SinkTask {
        private static final Duration PATIENCE = Duration.ofSeconds(30);
        private static final int SERVER_FAULT = 500;
        private static final int REFUSED = 400;
        private static final int PAUSE_MILLIS = 500;

        private final HttpClient http = HttpClient.newBuilder().connectTimeout(PATIENCE).build();
        private final JsonConverter json = new JsonConverter();
        private URI url;
        private String[] headers;

        @Override
        public void start(Map<String, String> settings) {
            url = URI.create(settings.get(URL));
            headers = Arrays.stream(settings.getOrDefault(HEADERS, "").split("\\|"))
                    .filter(header -> header.contains(":"))
                    .flatMap(header -> Arrays.stream(header.split(":", 2)).map(String::strip))
                    .toArray(String[]::new);
            json.configure(Map.of("schemas.enable", "false"), false);
        }

        @Override
        public void put(Collection<SinkRecord> records) {
            for (SinkRecord record : records) {
                post(record);
            }
        }

        private void post(SinkRecord record) {
            byte[] body = json.fromConnectData(record.topic(), record.valueSchema(), record.value());
            HttpRequest.Builder request = HttpRequest.newBuilder(url)
                    .timeout(PATIENCE)
                    .header("content-type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofByteArray(body));
            if (headers.length > 0) {
                request.headers(headers);
            }
            int status;
            try {
                status = http.send(request.build(), HttpResponse.BodyHandlers.ofString()).statusCode();
            } catch (IOException error) {
                throw again("no answer: " + error);
            } catch (InterruptedException error) {
                Thread.currentThread().interrupt();
                throw again("interrupted");
            }
            System.out.println("posted " + record.topic() + " " + record.kafkaPartition() + " " + record.kafkaOffset()
                    + " " + status);
            if (status >= SERVER_FAULT) {
                throw again("status " + status);
            }
            if (status >= REFUSED) {
                throw new ConnectException("refused with status " + status);
            }
        }

        private RetriableException again(String reason) {
            context.timeout(PAUSE_MILLIS);
            return new RetriableException(reason);
        }

        @Override
        public void stop() {
            // nothing is held
        }

        @Override
        public String version() {
            return "1";
        }
    }
}
