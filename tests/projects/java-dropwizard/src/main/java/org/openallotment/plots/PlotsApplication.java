package org.openallotment.plots;

import io.dropwizard.configuration.EnvironmentVariableSubstitutor;
import io.dropwizard.configuration.SubstitutingSourceProvider;
import io.dropwizard.core.Application;
import io.dropwizard.core.setup.Bootstrap;
import io.dropwizard.core.setup.Environment;
import io.dropwizard.jdbi3.JdbiFactory;

public class PlotsApplication extends Application<PlotsConfiguration> {
    public static void main(String[] args) throws Exception {
        new PlotsApplication().run(args);
    }

    @Override
    public void initialize(Bootstrap<PlotsConfiguration> bootstrap) {
        bootstrap.setConfigurationSourceProvider(new SubstitutingSourceProvider(
            bootstrap.getConfigurationSourceProvider(), new EnvironmentVariableSubstitutor(true)));
    }

    @Override
    public void run(PlotsConfiguration configuration, Environment environment) {
        var jdbi = new JdbiFactory().build(environment, configuration.getDatabase(), "plots");
        environment.jersey().register(new PlotResource(jdbi));
    }
}
