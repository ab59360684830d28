import java.lang.reflect.Field;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import software.amazon.dynamodb.services.local.main.ServerRunner;
import software.amazon.dynamodb.services.local.server.DynamoDBProxyServer;

/**
 * Starts DynamoDB Local in memory, on a free port of loopback, and prints the port; ends when its input ends.
 *
 * By itself DynamoDB Local listens on every interface, and on no port that it finds free. Run by dynamodb_local.sh.
 */
public class DynamoDbOnLoopback {
    public static void main(String[] arguments) throws Exception {
        String[] options = {"-inMemory", "-disableTelemetry", "-port", "8000"};
        DynamoDBProxyServer local = ServerRunner.createServerFromCommandLineArgs(options);
        Field field = DynamoDBProxyServer.class.getDeclaredField("server");
        field.setAccessible(true);
        Server server = (Server) field.get(local);
        for (Connector one : server.getConnectors()) {
            ServerConnector connector = (ServerConnector) one;
            connector.setHost("127.0.0.1");
            connector.setPort(0);
        }
        local.start();
        System.out.println("port " + ((ServerConnector) server.getConnectors()[0]).getLocalPort());
        System.out.flush();
        while (System.in.read() >= 0) {
            // until whoever started it is gone
        }
        System.exit(0);
    }
}
